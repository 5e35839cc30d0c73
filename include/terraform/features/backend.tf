# Partial on purpose: bucket, key, region, lock table and lock modes come from the environment
# manifest as -backend-config values, so that no handle is written down twice.
terraform {
  backend "s3" {}
}
