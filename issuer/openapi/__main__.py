"""`python -m issuer.openapi > docs/spec/issuer-api.json`: the document as it is checked in."""

import json
import sys

from issuer.openapi.document import document

sys.stdout.write(json.dumps(document(), indent=1) + "\n")
