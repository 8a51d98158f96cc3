# Watchword in a container: nothing runs as root, nothing is written but under /data, and every file installed was
# checked by hash. `docker build -t watchword .`
FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build

# The environment that is shipped has no pip: this stage's own installs into it.
RUN python -m venv --without-pip /app
COPY requirements-build.lock requirements.lock ./
RUN pip install --quiet --require-hashes --no-deps -r requirements-build.lock \
 && pip --python /app/bin/python install --quiet --require-hashes --no-deps --no-build-isolation -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY domain domain
COPY projections projections
COPY service service
RUN pip wheel --quiet --no-deps --no-build-isolation --wheel-dir wheels . \
 && pip --python /app/bin/python install --quiet --no-deps wheels/watchword-*.whl


FROM python:3.11-slim-bookworm

# /data holds what an installation makes for itself: log, keys and issuer where no database or provider is named;
# /checkpoints is for a volume with what was published of the log.
RUN ["install", "--directory", "--owner=10001", "--group=10001", "--mode=0700", "/data", "/checkpoints"]
COPY --from=build /app /app

ENV PATH=/app/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WATCHWORD_HOME=/data \
    WATCHWORD_HOST=0.0.0.0 \
    WATCHWORD_PORT=8080

USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080

# Alive, not ready: a database that is away must not make an orchestrator kill the replica that will answer when it returns.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["/app/bin/python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]

ENTRYPOINT ["watchword"]
CMD ["serve"]
