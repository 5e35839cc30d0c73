# tidegate's image: the official Airflow image with the locked requirements, Terraform and a mirror of its providers.
#
#   docker build --build-arg TIDEGATE_GIT_COMMIT="$(git rev-parse HEAD)" --tag tidegate:local .
#
# tests/deployment compares the versions below with requirements.in, the manifests and the Terraform roots.

FROM hashicorp/terraform:1.11.4 AS terraform


# The providers that the committed lock files name, packed: their checksums are locked for every platform, those of
# unpacked ones are not. The offline init at the end proves for each root that the mirror holds what its lock file
# demands, byte for byte. A root whose lock file lacks a provider is left out, and says so: its stack is refused at init
# until somebody completes the lock (include/terraform/confluent/README.md).
FROM terraform AS providers
ENV CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_INPUT=0
WORKDIR /stacks
COPY include/terraform .
RUN set -eu; \
    mirror=/usr/share/terraform/plugins; \
    for lock in */.terraform.lock.hcl; do \
        root="${lock%/*}"; \
        sources="$(sed -n 's/^ *source *= "\(.*\)"/\1/p' "$root/terraform.tf")"; \
        for source in $sources; do \
            grep -q "/$source\"" "$lock" || { echo "LEFT OUT: $root: its lock file lacks $source" >&2; continue 2; }; \
        done; \
        terraform -chdir="$root" get; \
        terraform -chdir="$root" providers mirror "$mirror"; \
        terraform -chdir="$root" init -backend=false -lockfile=readonly -plugin-dir="$mirror"; \
    done


# The slim variant holds Airflow and nothing beside it. What runs is then exactly requirements.txt, and `pip check` can
# prove it; the full variant brings dozens of providers whose pins disagree with the lock.
FROM apache/airflow:slim-3.3.2-python3.11

COPY --from=terraform /bin/terraform /usr/local/bin/terraform
COPY --from=providers /usr/share/terraform/plugins /usr/share/terraform/plugins

# airflow, by number so that a host can check that it is not root.
USER 50000
COPY requirements.txt /opt/airflow/requirements.txt
RUN pip install --no-cache-dir --require-hashes -r /opt/airflow/requirements.txt \
    && pip check \
    && mkdir -p /opt/airflow/runs /opt/airflow/web_identity /opt/airflow/reader_identity

# The sandbox's stand-in provider for Confluent runs here: its packages and Airflow's do not agree (ADR 13). Nothing
# but the profile `sandbox` ever starts it.
COPY requirements-standin.txt /opt/airflow/requirements-standin.txt
RUN python -m venv --without-pip /opt/airflow/.venv-standin \
    && pip --python /opt/airflow/.venv-standin/bin/python install --no-cache-dir --require-hashes \
        -r /opt/airflow/requirements-standin.txt \
    && pip --python /opt/airflow/.venv-standin/bin/python check

# The code belongs to root: what runs as airflow cannot change it.
COPY dags /opt/airflow/dags
COPY plugins /opt/airflow/plugins
COPY include /opt/airflow/include

# What the evidence says about the code that made it; there is no .git in the image.
ARG TIDEGATE_GIT_COMMIT=unknown
ARG TIDEGATE_GIT_DIRTY=unknown
ENV TIDEGATE_GIT_COMMIT=${TIDEGATE_GIT_COMMIT} TIDEGATE_GIT_DIRTY=${TIDEGATE_GIT_DIRTY}
