"""When will it be built and delivered? Plans of a plant's weeks, by two policies; what if; how sure that is."""
