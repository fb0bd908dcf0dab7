"""What the items of a synthetic licence say, by their names: plausible, in agreement with one another, and made up.

An item that has no maker here (of a kind that was added by a file) gets a value of its type.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, assert_never

from issuer.synthetic import population
from issuer.synthetic.drawing import Draws
from issuer.synthetic.population import CITY, Company, Person
from protocol.licence.catalogue import Item, ItemType, Kind

Value = str | int


@dataclass(frozen=True, slots=True)
class Scene:
    """What one holder's licence is about. `other` is the spouse, the mother, the head of the household, the manager."""

    kind: Kind
    draws: Draws
    today: date
    person: Person
    company: Company
    by_company: bool
    other: Person
    is_shared: bool
    valid_from: date
    valid_to: date | None

    def before(self, day: date, *, days: int) -> date:
        """A day up to so many days before this one."""
        return day - timedelta(days=self.draws.between(1, days))


Maker = Callable[[Scene], Value]


def _words(*choices: str) -> Maker:
    return lambda scene: scene.draws.one_of(choices)


def _numbers(least: int, most: int) -> Maker:
    return lambda scene: scene.draws.between(least, most)


def _office(name: str) -> Maker:
    return lambda _: f"{CITY}{name}"


def _pattern(form: str) -> Maker:
    """A number whose `#` are digits and whose `@` is the year of issue."""

    def made(scene: Scene) -> Value:
        digits = "".join(scene.draws.digits(1) if each == "#" else each for each in form)
        return digits.replace("@", f"{scene.valid_from:%Y}")

    return made


def _name(scene: Scene) -> Value:
    return scene.company.name if scene.by_company else scene.person.name


def _vin(scene: Scene) -> Value:
    return "LZZ" + "".join(scene.draws.one_of("0123456789ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(14))


def _father(scene: Scene) -> Person:
    return population.person(scene.draws, today=scene.person.born, ages=range(24, 40), sex=1)


def _nation(scene: Scene) -> Value:
    return 1 if scene.draws.below(12) else scene.draws.between(2, 56)


_BY_NAME: Final[Mapping[str, Maker]] = {
    "name": _name,
    "sex": lambda scene: scene.person.sex,
    "birth_date": lambda scene: scene.person.born.isoformat(),
    "citizen_id": lambda scene: scene.person.citizen_id,
    "nation": _nation,
    "nationality": _words("中国"),
    "uscc": lambda scene: scene.company.uscc,
    "address": lambda scene: population.address(scene.draws),
    "registered_address": lambda scene: population.address(scene.draws),
    "premises": lambda scene: population.address(scene.draws),
    "plant_address": lambda scene: population.address(scene.draws),
    "valid_from": lambda scene: scene.valid_from.isoformat(),
    "valid_to": lambda scene: "" if scene.valid_to is None else scene.valid_to.isoformat(),
    "first_issue": lambda scene: scene.before(scene.valid_from, days=1_500).isoformat(),
    "founded": lambda scene: scene.valid_from.isoformat(),
    "legal_representative": lambda scene: scene.other.name,
    "entity_type": _words("有限责任公司", "股份有限公司", "个人独资企业"),
    "capital": _words("壹拾万元整", "壹佰万元整", "伍佰万元整"),
    "scope": _words("样例商品的销售。", "样例软件的开发与测试。", "样例餐饮服务。", "样例货物运输。"),
    "licence_no": _pattern("@##########"),
    "bank": _office("样例银行"),
    "mother_name": lambda scene: scene.other.name,
    "mother_id": lambda scene: scene.other.citizen_id,
    "father_name": lambda scene: _father(scene).name,
    "father_id": lambda scene: _father(scene).citizen_id,
    "head_name": lambda scene: scene.other.name,
    "spouse_name": lambda scene: scene.other.name,
    "spouse_id": lambda scene: scene.other.citizen_id,
    "spouse_sex": lambda scene: scene.other.sex,
    "spouse_birth_date": lambda scene: scene.other.born.isoformat(),
    "birth_time": lambda scene: f"{scene.draws.below(24):02}:{scene.draws.below(60):02}",
    "gestation_weeks": _numbers(36, 42),
    "birth_weight": _numbers(2_300, 4_300),
    "birth_length": _numbers(46, 54),
    "birth_place": lambda scene: CITY + scene.draws.one_of(population.DISTRICTS),
    "native_place": lambda scene: CITY + scene.draws.one_of(population.DISTRICTS),
    "facility": _office("样例妇幼保健院"),
    "plate": lambda scene: f"测{scene.draws.one_of('ABCDE')}{scene.draws.digits(5)}",
    "vehicle_type": _words("小型轿车", "小型普通客车", "轻型厢式货车"),
    "use_nature": _words("非营运", "营运"),
    "brand_model": lambda scene: f"样例牌LZ{scene.draws.digits(4)}",
    "vin": _vin,
    "engine_no": _pattern("LZ######"),
    "registered": lambda scene: scene.valid_from.isoformat(),
    "inspected_to": lambda scene: (scene.today + timedelta(days=scene.draws.between(1, 730))).isoformat(),
    "household_type": _words("家庭户", "集体户"),
    "relation": lambda scene: (
        "户主" if scene.person is scene.other else scene.draws.one_of(("配偶", "子", "女", "其他"))
    ),
    "education": _words("小学", "初中", "高中", "大学本科"),
    "former_name": lambda scene: scene.person.name + "曾",
    "military_service": _words("未服兵役", "退出现役"),
    "occupation": _words("教师", "厨师", "驾驶员", "工程师"),
    "moved_in": lambda scene: f"{scene.valid_from.year}年由幻境市迁入",
    "guardian_name": lambda scene: scene.other.name,
    "guardian_phone": _pattern("1990000####"),
    "endorsements": _words("香港 个人旅游 一年一次", "澳门 个人旅游 一年一次"),
    "remark": _words("补发"),
    "other": _words("分摊土地使用权面积：9.90平方米"),
    "child_order": _numbers(1, 3),
    "product_detail": _words("样例规格一", "样例规格一、样例规格二"),
    "marital_status": _words("未婚", "已婚", "离婚"),
    "category": _words("视力", "听力", "言语", "肢体", "智力"),
    "grade": _words("一级", "二级", "三级", "四级"),
    "qualification_no": _pattern("@99###############"),
    "place": _office("测试区"),
    "institution": _office("样例医院"),
    "event": _words("顺产", "剖宫产", "计划生育手术"),
    "event_date": lambda scene: scene.before(scene.valid_from, days=60).isoformat(),
    "employer": lambda scene: scene.company.name,
    "business_form": _words("食品销售经营者", "餐饮服务经营者", "单位食堂"),
    "complaints": _pattern("1990000####"),
    "co_ownership": lambda scene: scene.draws.one_of(("共同共有", "按份共有")) if scene.is_shared else "单独所有",
    "unit_no": _pattern("990101######GB#####F########"),
    "right_type": _words("国有建设用地使用权/房屋所有权"),
    "right_nature": _words("出让/市场化商品房", "划拨/房改房"),
    "use": _words("城镇住宅用地/住宅", "商服用地/商业"),
    "area": lambda scene: f"房屋建筑面积{scene.draws.between(30, 300)}.{scene.draws.digits(2)}平方米",
    "term": _words("国有建设用地使用权至2076年12月31日止"),
    "organisation": _office("样例志愿服务队"),
    "service_hours": _numbers(1, 3_000),
    "blood_type": _words("A型", "B型", "O型", "AB型"),
    "donations": _numbers(1, 60),
    "volume": lambda scene: 200 * scene.draws.between(1, 120),
    "last_donation": lambda scene: scene.before(scene.today, days=900).isoformat(),
    "major": _words("样例科学", "虚构工程", "测试学"),
    "level": _words("专科", "本科", "硕士研究生"),
    "study_form": _words("普通全日制", "成人高等教育"),
    "length": _words("二年", "三年", "四年"),
    "enrolled": lambda scene: scene.valid_from.replace(year=scene.valid_from.year - 4, day=1).isoformat(),
    "graduated": lambda scene: scene.valid_from.isoformat(),
    "conclusion": _words("毕业", "结业"),
    "president": lambda scene: scene.other.name,
    "name_latin": _words("CE, AN", "SHI, BAI", "YANG, CHEN", "LI, CHUAN", "XU, LAN", "NI, MING"),
    "issue_place": _office(""),
    "product": _words("样例电线", "样例水泥", "样例化肥"),
}
"""What an item of this name says in every kind; `_ONLY` goes before it."""

_ONLY: Final[Mapping[tuple[str, str], Maker]] = {
    ("id-card", "authority"): _office("公安局测试分局"),
    ("driving-licence", "authority"): _office("公安局交通警察支队"),
    ("driving-licence", "class"): _words("C1", "C2", "B2", "A2", "C1D"),
    ("driving-licence", "licence_no"): lambda scene: scene.person.citizen_id,
    ("vehicle-licence", "authority"): _office("公安局交通警察支队"),
    ("business-licence", "authority"): _office("市场监督管理局"),
    ("birth-certificate", "authority"): _office("样例妇幼保健院"),
    ("birth-certificate", "licence_no"): _pattern("Z99#######"),
    ("household-register", "authority"): _office("公安局测试派出所"),
    ("household-register", "licence_no"): _pattern("99#######"),
    ("residence-permit", "authority"): _office("公安局测试分局"),
    ("disability-certificate", "authority"): _office("残疾人联合会"),
    ("disability-certificate", "licence_no"): lambda scene: f"{scene.person.citizen_id}{scene.draws.between(11, 74)}",
    ("physician", "authority"): _office("卫生健康委员会"),
    ("physician", "class"): _words("临床", "口腔", "中医", "公共卫生"),
    ("physician", "scope"): _words("内科专业", "外科专业", "儿科专业", "全科医学专业"),
    ("physician", "licence_no"): _pattern("199############"),
    ("nurse", "authority"): _office("卫生健康委员会"),
    ("birth-insurance-statement", "authority"): _office("测试区卫生健康委员会"),
    ("hygiene-permit", "authority"): _office("疾病预防控制局"),
    ("hygiene-permit", "scope"): _words("住宿场所", "游泳场所", "美容美发场所"),
    ("special-equipment-operator", "authority"): _office("市场监督管理局"),
    ("special-equipment-operator", "category"): _words("叉车作业", "电梯作业", "起重机作业", "锅炉作业"),
    ("special-equipment-operator", "class"): _words("N1", "T", "Q2", "G1"),
    ("special-equipment-operator", "licence_no"): lambda scene: scene.person.citizen_id,
    ("food-permit", "authority"): _office("市场监督管理局"),
    ("food-permit", "licence_no"): _pattern("JY199############"),
    ("marriage", "authority"): _office("测试区民政局"),
    ("marriage", "licence_no"): _pattern("J990101-@-######"),
    ("divorce", "authority"): _office("测试区民政局"),
    ("divorce", "licence_no"): _pattern("L990101-@-######"),
    ("real-estate", "authority"): _office("不动产登记中心"),
    ("real-estate", "licence_no"): _pattern("幻（@）幻境市不动产权第#######号"),
    ("social-security", "authority"): _office("人力资源和社会保障局"),
    ("social-security", "licence_no"): _pattern("Z########"),
    ("library-reader", "authority"): _office("图书馆"),
    ("library-reader", "class"): _words("普通读者", "少儿读者", "老年读者"),
    ("transit-card", "authority"): _office("公共交通卡公司"),
    ("transit-card", "class"): _words("普通卡", "学生卡", "敬老卡"),
    ("volunteer", "authority"): _office("民政局"),
    ("blood-donor", "authority"): _office("血液中心"),
    ("education", "authority"): _office("样例大学"),
    ("hk-macau-permit", "authority"): _office("公安局出入境管理局"),
    ("hk-macau-permit", "licence_no"): _pattern("C9########"),
    ("passport", "authority"): _office("公安局出入境管理局"),
    ("passport", "licence_no"): _pattern("EZ9######"),
    ("industrial-product-licence", "authority"): _office("市场监督管理局"),
    ("industrial-product-licence", "licence_no"): _pattern("（幻）XK99-###-#####"),
}


def value(item: Item, scene: Scene) -> Value:
    """What this item of the licence says."""
    maker = _ONLY.get((scene.kind.slug, item.name)) or _BY_NAME.get(item.name)
    return maker(scene) if maker is not None else _of_type(item, scene)


def _of_type(item: Item, scene: Scene) -> Value:
    match item.type:
        case ItemType.TEXT | ItemType.IDENTIFIER | ItemType.DIGEST:
            return f"样例{scene.draws.digits(4)}"
        case ItemType.DATE:
            return scene.valid_from.isoformat()
        case ItemType.INTEGER:
            return scene.draws.between(1, 9)
        case ItemType.CITIZEN_ID:
            return scene.other.citizen_id
        case ItemType.USCC:
            return scene.company.uscc
        case _:
            assert_never(item.type)
