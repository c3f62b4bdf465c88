#!/usr/bin/env bash
# Move a stack's state to a backend that several people share; from then on each `pulumi up` locks it for the others.
#
#     docs/scale/share_state.sh STACK BACKEND
#
# BACKEND is what `pulumi login` takes: postgres://user@host:5432/database?sslmode=verify-full, s3://bucket/folder, ….
# The state is read from the backend that you use now (pulumi login, or PULUMI_BACKEND_URL) and goes through a pipe, in
# which the secrets' values stay encrypted. It must be nobody's turn meanwhile. The old copy is left as it is.
set -euo pipefail
stack=${1:?name the stack} backend=${2:?name the backend to move it to}

pulumi stack export --stack "$stack" | {
    export PULUMI_BACKEND_URL=$backend
    pulumi stack init "$stack" --no-select --non-interactive </dev/null
    pulumi stack import --stack "$stack" --non-interactive
}
