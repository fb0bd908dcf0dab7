"""What the town's licences say: synthetic persons and a company that does not exist."""

from collections.abc import Mapping
from typing import Any, Final

WITH_PORTRAIT: Final = frozenset({"driving-licence", "id-card"})
KINDS: Final = (
    ("driving-licence", "机动车驾驶证 Driving licence"),
    ("id-card", "居民身份证 Identity card"),
    ("business-licence", "营业执照 Business licence"),
)

SUBJECTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "driving-licence": {
        "name": "测试员甲",
        "citizen_id": "990101194912310028",
        "licence_no": "990101194912310028",
        "class": "C1",
        "sex": 2,
        "birth_date": "1949-12-31",
        "address": "乌有市虚构区演示路1号",
        "authority": "乌有市公安局交通警察支队",
        "first_issue": "2010-05-01",
        "valid_from": "2026-01-01",
        "valid_to": "2032-01-01",
    },
    "id-card": {
        "name": "测试员甲",
        "sex": 2,
        "nation": 1,
        "birth_date": "1949-12-31",
        "address": "乌有市虚构区演示路1号",
        "citizen_id": "990101194912310028",
        "authority": "乌有市公安局虚构分局",
        "valid_from": "2020-06-01",
    },
    "business-licence": {
        "name": "乌有市样例科技有限公司",
        "uscc": "91990000MA00000008",
        "entity_type": "有限责任公司",
        "legal_representative": "测试员甲",
        "capital": "壹佰万元整",
        "founded": "2020-02-29",
        "address": "乌有市虚构区演示路2号",
        "scope": "样例软件的开发与测试。",
        "authority": "乌有市市场监督管理局",
        "valid_from": "2020-02-29",
    },
}
