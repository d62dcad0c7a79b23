"""Writing many small objects to S3 and listing them: labelround's storage beside other clients."""
