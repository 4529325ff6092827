"""The pages of what people hear of, and of what leaves the house."""
