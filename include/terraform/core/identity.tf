# The identity provider alone. The execution role, its trust, policies and boundary are the account owner's: what the role
# could change here, it could change for itself (include/policies/execution_role.yaml, `tidegate policy`).

resource "aws_iam_openid_connect_provider" "lanes" {
  url            = var.oidc_provider_url
  client_id_list = [var.oidc_audience]

  lifecycle {
    prevent_destroy = true
  }
}
