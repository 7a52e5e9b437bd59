"""What the published description promises, tried with bodies that fit it and bodies that do not."""

from collections import Counter
from typing import Any

import schemathesis
from fastapi import FastAPI
from schemathesis import engine
from schemathesis.engine import events

from rag import Assistant
from ui.api import make_api
from ui.places import Places

SETTINGS = """
seed = 20210605
[generation]
max-examples = 60
deterministic = true
no-shrink = true
database = "none"
"""


def describe(app: FastAPI, assistant: Assistant) -> dict[str, Any]:
    """The published description, and which names the folder has, which is all that it cannot say."""
    facts = assistant.index.facts
    known: dict[str, set[str | None]] = {
        "articles": {row[1] for row in facts},
        "outlets": {row[3] for row in facts},
        "authors": {row[4] for row in facts},
        "categories": {category for row in facts for category in row[5]},
    }
    description = app.openapi()
    fields = description["components"]["schemas"]["FiltersAsked"]["properties"]
    for name, values in known.items():
        fields[name]["items"] = {"enum": sorted(value for value in values if value)}
    return description


def test_every_operation_keeps_its_description(assistant: Assistant) -> None:
    app = FastAPI(title="Wenfeng", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    app.include_router(make_api(assistant, Places()))
    schema = schemathesis.openapi.from_dict(
        describe(app, assistant), config=schemathesis.Config.from_str(SETTINGS)
    )
    schema.app, schema.location = app, "/api/openapi.json"
    failures: list[str] = []
    answered: Counter[str] = Counter()
    for event in engine.from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            checks = [check for of_case in event.recorder.checks.values() for check in of_case]
            failures += [
                f"{check.failure_info.failure}\n{check.failure_info.code_sample}"
                for check in checks
                if check.failure_info
            ]
            for interaction in event.recorder.interactions.values():
                if interaction.response is not None:
                    answered[f"{event.label} {interaction.response.status_code}"] += 1
        elif isinstance(event, events.NonFatalError):
            failures.append(repr(event.value))
        elif isinstance(event, events.FatalError):
            failures.append(repr(event.exception))
    assert not failures, "\n\n".join(failures)
    for expected in ("POST /api/ask 200", "POST /api/search 200", "GET /healthz 200", "POST /api/ask 422"):
        assert answered[expected], answered
