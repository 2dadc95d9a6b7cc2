"""The rules: small total functions over integers, each written once and read in several ways."""
