"""What follows from the rows of one partition: tables in, tables out, nothing read or written."""
