"""What a rule across fields says about a manifest: the sentence, and at which field it is broken."""


class FieldError(ValueError):
    """A validator of a model raises it. `at` leads from the validated section to the field, so that people see the
    line of that field and not the section's.
    """

    def __init__(self, said: str, *at: str | int) -> None:
        super().__init__(said)
        self.at = at
