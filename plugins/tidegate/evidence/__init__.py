"""Write-once evidence: stores, execution ids, attempts, snapshots, the verdict chain."""
