# Two stages: the toolchain builds, a slim image with Swift's run-time libraries serves.
#
#   docker build -t berth .
#   docker run -p 127.0.0.1:8080:8080 -v berth:/var/lib/berth berth
FROM swift:6.3-bookworm AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libsqlite3-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --product berth \
    && install -D "$(swift build -c release --show-bin-path)/berth" /out/berth

FROM swift:6.3-bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libsqlite3-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/berth --create-home berth
COPY --from=build /out/berth /usr/local/bin/berth
ENV BERTH_HOME=/var/lib/berth
VOLUME /var/lib/berth
USER 10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# The image has no HTTP client but bash.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /ready HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["berth"]
# A container is reached from outside; who may reach it is for `docker run -p` and for keys to say.
CMD ["serve", "--host", "0.0.0.0"]
