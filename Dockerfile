# One image for every node of Vouch and for its commands: `docker build --tag vouch .`
# Base images are pinned to the versions that Vouch is tested with; packages are pinned by hash in this repository.

# --- the pages ---
FROM node:24.15-bookworm-slim AS pages
WORKDIR /src
COPY package.json package-lock.json .npmrc tsconfig.base.json ./
RUN npm ci --loglevel error
COPY signaling/client signaling/client
COPY ekyc/web ekyc/web
COPY agent_console/web agent_console/web
RUN npm run build

# --- Python's packages, and Vouch among them ---
FROM python:3.11-slim-bookworm AS packages
WORKDIR /src
COPY requirements/uv.txt requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --require-hashes --requirement requirements/uv.txt \
    && uv venv --python /usr/local/bin/python /opt/vouch
# Bytecode is made here: a node that starts again has 15 seconds before its calls are lost, and may not write there.
RUN uv pip sync --no-cache --compile-bytecode --python /opt/vouch/bin/python --require-hashes requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY requirements/runtime.in requirements/
COPY routing routing
COPY media media
COPY ekyc ekyc
COPY agent_console agent_console
COPY signaling signaling
COPY vouch vouch
COPY --from=pages /src/ekyc/web/dist ekyc/web/dist
COPY --from=pages /src/agent_console/web/dist agent_console/web/dist
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir built . \
    && uv pip install --no-cache --compile-bytecode --python /opt/vouch/bin/python --no-deps built/vouch-*.whl

# --- what runs ---
FROM python:3.11-slim-bookworm
# pg_dump, for `vouch backup`: of the same version as the server in docker-compose.yml.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client-15 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin vouch \
    && install --directory --owner vouch --group vouch --mode 0700 /var/lib/vouch
COPY --from=packages /opt/vouch /opt/vouch
ENV PATH=/opt/vouch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    VOUCH_DATA_DIR=/var/lib/vouch \
    VOUCH_HOST=0.0.0.0
USER vouch
WORKDIR /opt/vouch
EXPOSE 8080
ENTRYPOINT ["vouch"]
CMD ["serve"]
