"""The document tells the truth: every path answers as described, every $ref leads somewhere."""

import json
import re
from typing import Any

from httpx import AsyncClient
from jsonschema_rs import validator_for


async def _document(client: AsyncClient) -> dict[str, Any]:
    document: dict[str, Any] = (await client.get("/api/openapi.json")).json()
    return document


async def test_the_document_is_openapi_3_1_with_bearer_security(stranger: AsyncClient) -> None:
    document = await _document(stranger)
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert {"bearer": []} in document["security"]


async def test_every_reference_leads_somewhere(stranger: AsyncClient) -> None:
    document = await _document(stranger)
    for name in set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document))):
        assert name in document["components"]["schemas"]


async def test_every_operation_says_what_it_does_and_how_it_fails(stranger: AsyncClient) -> None:
    document = await _document(stranger)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], f"{method} {path}"
            answers = operation["responses"]
            if path.startswith("/api") and "security" not in operation:
                assert {"401", "429", "503"} <= answers.keys(), f"{method} {path}"
            if "requestBody" in operation:
                assert {"413", "415", "422"} <= answers.keys(), f"{method} {path}"
                (content,) = operation["requestBody"]["content"].values()
                assert content["example"], f"{method} {path}"
            if "{" in path:
                assert "404" in answers, f"{method} {path}"
            failures = [answer for status, answer in answers.items() if status >= "4"]
            if path.startswith("/api"):
                told = [answer["content"]["application/problem+json"] for answer in failures]
                assert all(content["example"] for content in told), f"{method} {path}"


async def test_every_answer_has_an_example_that_fits_its_schema(stranger: AsyncClient) -> None:
    document = await _document(stranger)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                for kind, content in answer.get("content", {}).items():
                    if "json" in kind:
                        schema = content["schema"] | {"components": document["components"]}
                        found = validator_for(schema).iter_errors(content["example"])
                        assert [one.message for one in found] == [], f"{method} {path} {status}"


async def test_clients_made_from_the_document_have_short_names_and_typed_jobs(
    stranger: AsyncClient,
) -> None:
    document = await _document(stranger)
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    ids = [one["operationId"] for one in operations]
    assert {"auth_login", "jobs_create", "jobs_edit", "runs_get", "transfer_export"} <= set(ids)
    assert len(set(ids)) == len(ids)
    job = document["components"]["schemas"]["JobAnswer"]["properties"]
    assert job["schedule"]["discriminator"]["mapping"].keys() == {"cron", "interval", "once"}
    assert job["action"]["discriminator"]["mapping"].keys() == {"http", "log"}


async def test_the_examples_are_accepted(ada: AsyncClient) -> None:
    document = await _document(ada)
    for path in ("/api/jobs", "/api/schedules/preview"):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        assert (await ada.post(path, json=body["example"])).status_code in {200, 201}


async def test_the_pages_come_from_this_server_only(stranger: AsyncClient) -> None:
    page = (await stranger.get("/api/docs")).text
    assert "://" not in page
    for name in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert (await stranger.get(name)).status_code == 200


async def test_swagger_ui_is_one_that_knows_openapi_3_1(stranger: AsyncClient) -> None:
    script = (await stranger.get("/api/docs/files/swagger-ui-bundle.js")).text
    assert re.search(r'"5\.\d+\.\d+"', script), "OpenAPI 3.1 needs Swagger UI 5"


async def test_a_wrong_method_is_told_the_right_ones(ada: AsyncClient) -> None:
    answer = await ada.put("/api/jobs/x")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    assert (await ada.put("/api/jobs/bulk")).headers["Allow"] == "OPTIONS, POST"
    assert answer.json()["type"] == "urn:cronpp:problem:method-not-allowed"


async def test_an_unknown_path_is_a_problem_not_a_page(ada: AsyncClient) -> None:
    for path in ("/api", "/api/nothing", "/api/jobs/x/y/z"):
        answer = await ada.get(path)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
