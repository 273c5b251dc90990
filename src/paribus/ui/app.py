"""The routes of the live page: each reads the lab, and says what it found or what is wrong."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from paribus.errors import NothingStoredError, ParibusError, UnknownNameError
from paribus.outgoing import file_name, shareable
from paribus.store.catalogue import Catalogue
from paribus.store.lab import Lab
from paribus.ui.events import Teller
from paribus.ui.follower import Follower
from paribus.ui.guard import Guard
from paribus.ui.moments import Moment, Progress, Reader, Study
from paribus.ui.pages import STATUS, address, error_page, status_html, studies_page
from paribus.ui.shelf import Held, Shelf

DEFECT = (
    "This is a defect of Paribus, not of your study. The terminal where the page was started says "
    "more. The lab is not touched by it."
)


@dataclass(frozen=True)
class Site:
    """What the routes share: the lab, what was read of it, who follows it and is told."""

    lab: Lab
    shelf: Shelf
    follower: Follower
    teller: Teller


def make_app(lab: Lab, host: str = "127.0.0.1") -> Guard:
    """The application that shows a lab, to be bound to `host`; it reads and never writes."""
    return Guard(make_site(lab)[1], host)


def make_site(lab: Lab) -> tuple[Site, Starlette]:
    """What the routes share, and the application without its guard."""
    shelf = Shelf(lab)
    follower = Follower(lab, shelf.judge)
    site = Site(lab, shelf, follower, Teller(follower, shelf))
    routes = _Routes(site)
    below = "/studies/{name}/{scale}"
    paths: dict[str, Callable] = {
        "/": routes.studies,
        "/events": routes.lab_events,
        "/static/{file}": static,
        "/studies/{name}": routes.only_scale,
        below: routes.study,
        f"{below}/events": routes.study_events,
        f"{below}/charts.json": routes.charts,
        f"{below}/figures/{{file}}": routes.figure,
        f"{below}/tables/{{file}}": routes.table,
        f"{below}/runs/{{key}}": routes.run,
        f"{below}/runs/{{key}}/record.json": routes.record,
    }

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(site.follower.follow()),
            asyncio.create_task(site.follower.count_verdicts()),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task

    return site, Starlette(
        routes=[Route(path, to, methods=["GET"]) for path, to in paths.items()],
        exception_handlers={
            ParibusError: routes.wrong,
            HTTPException: routes.refused,
            Exception: routes.defect,
        },
        lifespan=lifespan,
    )


@dataclass(frozen=True)
class _Routes:
    site: Site

    def studies(self, _: Request) -> Response:
        return _page(studies_page(self._read(), self.site.shelf))

    def only_scale(self, request: Request) -> Response:
        name = request.path_params["name"]
        with Catalogue.open(self.site.lab, create=False, upgrade=False) as catalogue:
            scales = [scale for of, scale in catalogue.names() if of == name]
            if len(scales) != 1:
                catalogue.study(name, "")  # which says what there is
        query = request.url.query
        return RedirectResponse(address((name, scales[0])) + (f"?{query}" if query else ""))

    def study(self, request: Request) -> Response:
        from paribus.ui.study_page import study_page  # noqa: PLC0415
        from paribus.ui.view import view_of  # noqa: PLC0415

        progress = self._now(request)
        held = self.site.shelf.study(_study(request), progress)
        view = view_of(request.query_params.multi_items(), held)
        content = held.rendered(("page", view), lambda: study_page(held, view, self.site.lab))
        return _page(content.replace(STATUS, status_html(progress)))

    def charts(self, request: Request) -> Response:
        from paribus.ui.study_page import charts_json  # noqa: PLC0415
        from paribus.ui.view import view_of  # noqa: PLC0415

        held = self._held(request)
        view = view_of(request.query_params.multi_items(), held)
        drawn = replace(view, page=1, epochs=())  # of which no chart knows
        content = held.rendered(("charts", drawn), lambda: charts_json(held, drawn))
        return Response(content, media_type="application/json", headers=_FRESH)

    def figure(self, request: Request) -> Response:
        from paribus.ui.downloads import MEDIA, picture  # noqa: PLC0415
        from paribus.ui.study_page import all_figures, figure_named  # noqa: PLC0415
        from paribus.ui.view import view_of, whole_number  # noqa: PLC0415

        name, kind = _file(request, ("svg", "png"))
        held = self._held(request)
        query = request.query_params
        with held.lock:
            figures = all_figures(held, view_of(query.multi_items(), held))
        found = figure_named(figures, name, whole_number(query.get("epoch", "")))
        if found is None:
            raise UnknownNameError("figure", name, [one.name for one in figures])
        return _download(picture(found, kind), MEDIA[kind], request, f"{name}.{kind}")

    def table(self, request: Request) -> Response:
        from paribus.ui.downloads import MEDIA, csv_parts, json_parts, table_named  # noqa: PLC0415

        name, kind = _file(request, ("csv", "json"))
        held = self._held(request)
        with held.lock:
            table = table_named(held, name)
        parts = csv_parts(table) if kind == "csv" else json_parts(table)
        return _download(parts, MEDIA[kind], request, f"{name}.{kind}")

    def run(self, request: Request) -> Response:
        from paribus.ui.run_page import run_page  # noqa: PLC0415

        return _page(run_page(self.site.lab, _study(request), request.path_params["key"]))

    def record(self, request: Request) -> Response:
        from paribus.ui.run_page import run_record  # noqa: PLC0415

        key = request.path_params["key"]
        record = shareable(run_record(self.site.lab, _study(request), key))
        content = json.dumps(record, indent=1, allow_nan=False).encode()
        return _download(content, "application/json", request, f"run-{key[:12]}.json")

    async def lab_events(self, request: Request) -> Response:
        return _stream(request, self.site.teller.of_lab())

    async def study_events(self, request: Request) -> Response:
        study = _study(request)
        await run_in_threadpool(self._refuse_unknown, study)
        return _stream(request, self.site.teller.of_study(study))

    def wrong(self, request: Request, error: Exception) -> Response:
        status = 404 if isinstance(error, UnknownNameError | NothingStoredError) else 503
        return self._told(request, status, str(error))

    def refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        told = "There is no such page." if error.status_code == 404 else error.detail
        return self._told(request, error.status_code, told)

    def defect(self, request: Request, error: Exception) -> Response:
        return self._told(request, 500, f"{DEFECT} ({type(error).__name__})")

    def _told(self, request: Request, status: int, message: str) -> Response:
        if request.url.path.endswith((".json", ".csv", "/events")):
            return PlainTextResponse(f"{shareable(message)}\n", status, _FRESH)
        return HTMLResponse(error_page(status, message, self.site.lab), status, _FRESH)

    def _refuse_unknown(self, study: Study) -> None:
        """Raise for a study that a lab does not have which can be read; of others nobody knows."""
        # A browser does not come back to a stream that began with an error, though the lab may.
        moment = self.site.follower.recent or self._read()
        if not moment.trouble and study not in moment.studies:
            self._check(study)

    def _check(self, study: Study) -> None:
        with Catalogue.open(self.site.lab, create=False, upgrade=False) as catalogue:
            if study not in catalogue.names():
                catalogue.study(*study)  # which says what there is

    def _read(self) -> Moment:
        reader = Reader(self.site.lab)
        try:
            return reader.read()
        finally:
            reader.close()

    def _held(self, request: Request) -> Held:
        return self.site.shelf.study(_study(request), self._now(request))

    def _now(self, request: Request) -> Progress:
        """How far a study is, which was there a moment ago."""
        study, moment = _study(request), self.site.follower.recent
        if moment is None or study not in moment.studies:
            moment = self._read()
        if study not in moment.studies:
            self._check(study)
            raise NothingStoredError(moment.trouble or f"no study {study[0]} in {self.site.lab}")
        return moment.studies[study]


_FRESH = {"Cache-Control": "no-store"}


def static(request: Request) -> Response:
    """A style or script; a browser that has it already is told so."""
    name = request.path_params["file"]
    found = _static(name)
    if found is None:
        raise HTTPException(404)
    content, media, tag = found
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media, headers=headers)


@cache
def _static(name: str) -> tuple[bytes, str, str] | None:
    from paribus.report.library import chart_library  # noqa: PLC0415
    from paribus.report.pages import packaged  # noqa: PLC0415

    own = files("paribus.ui").joinpath("static")
    texts: dict[str, Callable[[], str]] = {
        "report.css": lambda: packaged("report.css") + packaged("collection.css"),
        "ui.css": lambda: own.joinpath("ui.css").read_text("utf-8"),
        "ui.js": lambda: packaged("charts.js") + own.joinpath("ui.js").read_text("utf-8"),
        "vega.js": chart_library,
    }
    if name not in texts:
        return None
    content = texts[name]().encode()
    media = "text/css" if name.endswith(".css") else "text/javascript"
    return content, media, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _study(request: Request) -> Study:
    return request.path_params["name"], request.path_params["scale"]


def _file(request: Request, kinds: tuple[str, ...]) -> tuple[str, str]:
    name, _, kind = request.path_params["file"].rpartition(".")
    if kind not in kinds:
        raise UnknownNameError("format", kind, kinds)
    return name, kind


def _page(content: str) -> Response:
    return HTMLResponse(content, headers=_FRESH)


def _download(content: object, media: str, request: Request, name: str) -> Response:
    named = file_name(*_study(request), name)
    headers = _FRESH | {"Content-Disposition": f'attachment; filename="{named}"'}
    if isinstance(content, bytes):
        return Response(content, media_type=media, headers=headers)
    return StreamingResponse(content, media_type=media, headers=headers)  # pyright: ignore[reportArgumentType]


def _stream(request: Request, events: AsyncIterator[str]) -> Response:
    if request.method == "HEAD":
        return Response(media_type="text/event-stream", headers=_FRESH)
    return StreamingResponse(events, media_type="text/event-stream", headers=_FRESH)
