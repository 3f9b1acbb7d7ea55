# Two stages: wheels are built in the first, the second holds Python, Lockstep and nothing to build with.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md ./
COPY bot ./bot
COPY policies ./policies
RUN python -m venv /opt/lockstep \
 && /opt/lockstep/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
 && /opt/lockstep/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /home/lockstep lockstep
COPY --from=build /opt/lockstep /opt/lockstep
ENV PATH=/opt/lockstep/bin:$PATH PYTHONUNBUFFERED=1 PORT=3000
USER 10001
WORKDIR /home/lockstep
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/live', timeout=2)"]
# The worker is the same image with the command `lockstep worker`.
CMD ["lockstep", "serve", "--host", "0.0.0.0"]
