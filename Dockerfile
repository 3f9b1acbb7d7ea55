# Two stages: wheels are built in the first, the second holds Python, Lockstep, and the programs that it runs.
# Debian 12 in both: its promtool and amtool are the versions that the tests run against.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md ./
COPY bot ./bot
COPY policies ./policies
RUN python -m venv /opt/lockstep \
 && /opt/lockstep/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
 && /opt/lockstep/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim-bookworm
# promtool and amtool come with the packages of .ci/packages, which the tests install too; their services never start.
COPY .ci/packages /tmp/packages
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive xargs -a /tmp/packages apt-get install -y -qq --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/* /tmp/packages
RUN useradd --system --uid 10001 --create-home --home-dir /home/lockstep lockstep
COPY --from=build /opt/lockstep /opt/lockstep
ENV PATH=/opt/lockstep/bin:$PATH PYTHONUNBUFFERED=1 PORT=3000
USER 10001
WORKDIR /home/lockstep
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/live', timeout=2)"]
# The worker is the same image with the command `lockstep worker`; it listens on nothing, so run it with `--no-healthcheck`.
CMD ["lockstep", "serve", "--host", "0.0.0.0"]
