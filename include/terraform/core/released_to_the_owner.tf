# Core managed the identity provider and the execution role once. A state that still holds them lets go of them, by name,
# and changes nothing at AWS.

removed {
  from = aws_iam_openid_connect_provider.lanes

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_iam_role.execution

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_iam_role_policy.execution

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_iam_policy.execution

  lifecycle {
    destroy = false
  }
}

removed {
  from = aws_iam_role_policy_attachment.execution

  lifecycle {
    destroy = false
  }
}
