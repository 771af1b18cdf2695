"""From pictures to equal images, divided patients, and guarded walls between them."""
