"""What is done with a tenant's keys over time: rotated, wrapped anew, destroyed. Rules, requests, and the job."""
