"""The OpenAPI 3.1 description of the integration API: schemas from the messages' types, the rest written by hand."""

import inspect
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import vouch
from ekyc.messages import FreshJoin, NewVerification, OpenedVerification, ProblemBody, VerificationView
from ekyc.models import PAPERS
from ekyc.verifications import FOR_CLIENTS
from ekyc.webhooks_messages import MESSAGES

_REF = "#/components/schemas/{model}"
_PROBLEMS = {
    "400": "`idempotency_key_missing`, `invalid_multipart`",
    "401": "`bad_token`",
    "403": "`verification_not_enabled`, `priority_not_allowed`, `company_not_allowed`",
    "404": "`not_found`: it does not exist, another client opened it, or it is of a company that the token is not of",
    "408": "`too_slow`: the body came too slowly",
    "409": "`already_confirmed`, `call_not_possible`",
    "410": "`verification_expired`",
    "413": "`picture_too_large`: more than 8 MiB or 24 megapixels",
    "415": "`multipart_needed`",
    "422": (
        "`invalid_body` (with `fields`), `company_needed`, `ekyc_not_passed`, `unknown_sub_type`, "
        "`idempotency_key_reused`, "
        "`picture_missing` (with `kinds`), `picture_broken`, `picture_too_small`, "
        "`picture_too_complex`"
    ),
    "429": "`too_many_requests` of this token; `Retry-After` says in how many seconds to come again",
    "503": (
        "`pictures_busy`, `too_many_uploads` at once, `too_many_connections`; `Retry-After` says in how many seconds "
        "to come again"
    ),
}
_OPENING = ("400", "401", "403", "408", "413", "415", "422", "429", "503")
_DESCRIPTION = (
    "Opens verifications of subscribers over a video call and gives their results. The company token decides the "
    "company that a verification belongs to (with a token of several the request names one of them), and what can be "
    "read; results go to the client whose token it was. Errors are "
    "application/problem+json with a stable `code`."
)


def document(url: str) -> dict[str, Any]:
    """The whole description; `url` is Vouch's public address."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vouch integration API", "version": vouch.__version__, "description": _DESCRIPTION},
        "servers": [{"url": url}],
        "security": [{"companyToken": []}],
        "paths": {
            "/api/v1/verifications": {"post": _open()},
            "/api/v1/verifications/{id}": {"get": _show()},
            "/api/v1/verifications/{id}/pictures/{kind}": {"get": _picture()},
            "/api/v1/verifications/{id}/join": {"post": _rejoin()},
        },
        "webhooks": {name: {"post": _webhook(name, message)} for name, message in MESSAGES.items()},
        "components": {
            "securitySchemes": {"companyToken": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def _open() -> dict[str, Any]:
    return {
        "operationId": "openVerification",
        "summary": "Open a verification; the same request under the same key gives the same one",
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": (
                    "Compared with the data and the pictures' hashes, not with the raw bytes of the body; each company "
                    "has keys of its own"
                ),
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        ],
        "requestBody": {"required": True, "content": {"multipart/form-data": _form()}},
        "responses": _responses("201", "Opened", _json(OpenedVerification), _OPENING),
    }


def _form() -> dict[str, Any]:
    picture = {"type": "string", "contentMediaType": "application/octet-stream"}
    return {
        "schema": {
            "type": "object",
            "required": ["data", "id_front", "portrait"],
            "properties": {"data": _ref(NewVerification), **{str(kind): picture for kind in PAPERS}},
            "description": "id_back may be left out for papers without a second side (passport, e-identity)",
        },
        "encoding": {
            "data": {"contentType": "application/json"},
            **{str(kind): {"contentType": "image/jpeg, image/png"} for kind in PAPERS},
        },
    }


def _show() -> dict[str, Any]:
    return {
        "operationId": "getVerification",
        "summary": "One verification with its calls and pictures",
        "parameters": [_id()],
        "responses": _responses("200", "The verification", _json(VerificationView), ("401", "404", "429", "503")),
    }


def _picture() -> dict[str, Any]:
    kind = {"type": "string", "enum": [str(kind) for kind in FOR_CLIENTS]}
    return {
        "operationId": "getPicture",
        "summary": "The latest picture of a kind; `snapshot` bears date and time unless `clean=1`",
        "parameters": [
            _id(),
            {"name": "kind", "in": "path", "required": True, "schema": kind},
            {"name": "clean", "in": "query", "schema": {"type": "string", "enum": ["1"]}},
        ],
        "responses": _responses("200", "The picture", {"image/jpeg": {}}, ("401", "404", "429", "503")),
    }


def _rejoin() -> dict[str, Any]:
    return {
        "operationId": "issueJoinToken",
        "summary": "A fresh join token, for calling again; earlier ones and the pages that they opened end",
        "parameters": [_id()],
        "responses": _responses("201", "Issued", _json(FreshJoin), ("401", "404", "409", "410", "429", "503")),
    }


def _webhook(name: str, message: type[BaseModel]) -> dict[str, Any]:
    headers = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return {
        "operationId": name.replace(".", "_"),
        "summary": inspect.getdoc(message.model_fields["data"].annotation),
        "description": "Signed by Standard Webhooks; sent at least once, the same result under the same `webhook-id`",
        "security": [],
        "parameters": [
            {"name": header, "in": "header", "required": True, "schema": {"type": "string"}} for header in headers
        ],
        "requestBody": {"required": True, "content": _json(message)},
        "responses": {
            "2XX": {"description": "Taken"},
            "410": {"description": "Nothing is to be sent here any more"},
            "default": {"description": "Sent again later, ten times in about three days"},
        },
    }


def _id() -> dict[str, Any]:
    return {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _responses(status: str, description: str, content: dict[str, Any], problems: tuple[str, ...]) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": _ref(ProblemBody)}}
    return {
        status: {"description": description, "content": content},
        **{code: _problem(code, problem) for code in problems},
    }


def _problem(code: str, content: dict[str, Any]) -> dict[str, Any]:
    later = {"headers": {"Retry-After": {"schema": {"type": "integer"}}}} if code in {"429", "503"} else {}
    return {"description": _PROBLEMS[code], "content": content, **later}


def _json(model: type) -> dict[str, Any]:
    return {"application/json": {"schema": _ref(model)}}


def _ref(model: type) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _schemas() -> dict[str, Any]:
    # Requests as they are validated, answers as they are written: a default makes a field optional only in requests.
    _, schemas = models_json_schema(
        [
            (NewVerification, "validation"),
            (OpenedVerification, "serialization"),
            (FreshJoin, "serialization"),
            (VerificationView, "serialization"),
            (ProblemBody, "serialization"),
            *((message, "serialization") for message in MESSAGES.values()),
        ],
        ref_template=_REF,
    )
    return dict(schemas["$defs"])
