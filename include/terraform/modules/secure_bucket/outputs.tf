output "name" {
  description = "Bucket name, known once the bucket exists."
  value       = aws_s3_bucket.this.bucket
}
