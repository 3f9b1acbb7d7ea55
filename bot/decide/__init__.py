"""Pure decisions: values in, values out, one question a file. No clock, no network, no store."""
