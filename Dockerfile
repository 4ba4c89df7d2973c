# An image for each service, one for the dashboard and one for the gateway: docker build --target config -t paas-config .
# Each has what its dependency group names and its own code, and runs as nobody in particular on a file system that it
# need not write. For traces: --build-arg MORE_GROUPS="--only-group traces".
ARG PYTHON=python:3.11-slim

FROM ${PYTHON} AS locked
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
ENV UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1
COPY pyproject.toml uv.lock ./
ARG MORE_GROUPS=""

FROM locked AS audit-environment
RUN uv sync --frozen --only-group audit ${MORE_GROUPS}
FROM locked AS config-environment
RUN uv sync --frozen --only-group config ${MORE_GROUPS}
FROM locked AS dashboard-environment
RUN uv sync --frozen --only-group dashboard ${MORE_GROUPS}
FROM locked AS releaser-environment
RUN uv sync --frozen --only-group releaser ${MORE_GROUPS}
FROM locked AS secrets-environment
RUN uv sync --frozen --only-group secrets ${MORE_GROUPS}
FROM locked AS tokens-environment
# xds-protos has older copies of some files of opentelemetry-proto; whichever is installed last is there.
RUN uv sync --frozen --only-group tokens ${MORE_GROUPS}
RUN uv sync --frozen --only-group tokens ${MORE_GROUPS} --reinstall-package opentelemetry-proto
FROM locked AS gateway-environment
RUN uv sync --frozen --only-group gateway

FROM ${PYTHON} AS runtime
WORKDIR /app
ENV PATH=/app/.venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONPATH=/app/gen PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY gen gen
USER 10001:10001
ENTRYPOINT ["python", "-m"]

FROM runtime AS service
COPY paaskit paaskit
COPY transparency transparency
COPY env_schema env_schema
COPY services/__init__.py services/
COPY services/migrations services/migrations

FROM service AS audit
COPY --from=audit-environment /app/.venv .venv
COPY services/audit services/audit
CMD ["services.audit"]

FROM service AS config
COPY --from=config-environment /app/.venv .venv
COPY services/config services/config
CMD ["services.config"]

FROM service AS dashboard
ENV PYTHONPATH=/app/gen:/app/cli:/app/client
COPY --from=dashboard-environment /app/.venv .venv
# It reads what people paste as the command line reads files.
COPY cli/paas_cli cli/paas_cli
COPY client/paas_transport client/paas_transport
COPY dashboard dashboard
CMD ["dashboard"]

FROM service AS releaser
COPY --from=releaser-environment /app/.venv .venv
COPY machine machine
COPY services/releaser services/releaser
CMD ["services.releaser"]

FROM service AS secrets
COPY --from=secrets-environment /app/.venv .venv
COPY services/secrets services/secrets
CMD ["services.secrets"]

FROM service AS tokens
COPY --from=tokens-environment /app/.venv .venv
COPY services/tokens services/tokens
CMD ["services.tokens"]

FROM runtime AS gateway
COPY --from=gateway-environment /app/.venv .venv
COPY paaskit/__init__.py paaskit/settings.py paaskit/
COPY gateway gateway
CMD ["gateway.process"]
