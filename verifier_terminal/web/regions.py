"""Names of the province-level regions, for the badge beside a licence (GB/T 2260, first two digits)."""

from typing import Final

from protocol.licence.catalogue import Names

_PROVINCES: Final = {
    "11": Names("北京", "北京", "Beijing"),
    "12": Names("天津", "天津", "Tianjin"),
    "13": Names("河北", "河北", "Hebei"),
    "14": Names("山西", "山西", "Shanxi"),
    "15": Names("内蒙古", "內蒙古", "Inner Mongolia"),
    "21": Names("辽宁", "遼寧", "Liaoning"),
    "22": Names("吉林", "吉林", "Jilin"),
    "23": Names("黑龙江", "黑龍江", "Heilongjiang"),
    "31": Names("上海", "上海", "Shanghai"),
    "32": Names("江苏", "江蘇", "Jiangsu"),
    "33": Names("浙江", "浙江", "Zhejiang"),
    "34": Names("安徽", "安徽", "Anhui"),
    "35": Names("福建", "福建", "Fujian"),
    "36": Names("江西", "江西", "Jiangxi"),
    "37": Names("山东", "山東", "Shandong"),
    "41": Names("河南", "河南", "Henan"),
    "42": Names("湖北", "湖北", "Hubei"),
    "43": Names("湖南", "湖南", "Hunan"),
    "44": Names("广东", "廣東", "Guangdong"),
    "45": Names("广西", "廣西", "Guangxi"),
    "46": Names("海南", "海南", "Hainan"),
    "50": Names("重庆", "重慶", "Chongqing"),
    "51": Names("四川", "四川", "Sichuan"),
    "52": Names("贵州", "貴州", "Guizhou"),
    "53": Names("云南", "雲南", "Yunnan"),
    "54": Names("西藏", "西藏", "Xizang"),
    "61": Names("陕西", "陝西", "Shaanxi"),
    "62": Names("甘肃", "甘肅", "Gansu"),
    "63": Names("青海", "青海", "Qinghai"),
    "64": Names("宁夏", "寧夏", "Ningxia"),
    "65": Names("新疆", "新疆", "Xinjiang"),
    "71": Names("台湾", "台灣", "Taiwan"),
    "81": Names("香港", "香港", "Hong Kong"),
    "82": Names("澳门", "澳門", "Macao"),
    "99": Names("演示地区", "演示地區", "Demonstration region"),
}


def province(region: str) -> Names | None:
    """The province-level region to which these six digits belong; None for digits that nobody assigned."""
    return _PROVINCES.get(region[:2])
