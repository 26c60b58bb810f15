# Famulus in a container: what is locked, the source, and nothing else. The root may be read-only; /data is the one volume.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements/run.txt requirements/memory.txt requirements/
RUN python -m venv /opt/famulus \
    && /opt/famulus/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes \
        -r requirements/run.txt -r requirements/memory.txt
COPY src src
# Compiled here, since the place they are in may not be written to later.
RUN cp -r src/famulus /opt/famulus/lib/python3.11/site-packages/famulus \
    && /opt/famulus/bin/python -m compileall -q /opt/famulus/lib/python3.11/site-packages/famulus \
    && printf '#!/bin/sh\nexec /opt/famulus/bin/python -m famulus "$@"\n' > /opt/famulus/bin/famulus \
    && chmod 755 /opt/famulus/bin/famulus \
    && /opt/famulus/bin/pip uninstall -q -y setuptools pip

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home famulus \
    && install -d -o famulus -g famulus -m 700 /data
COPY --from=build /opt/famulus /opt/famulus
ENV PATH=/opt/famulus/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    FAMULUS_DATA_DIR=/data \
    FAMULUS_SERVER__HOST=0.0.0.0 \
    FAMULUS_SERVER__PORT=8000 \
    FAMULUS_MEMORY__HOST=0.0.0.0
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000 8001
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["famulus"]
CMD ["serve"]
