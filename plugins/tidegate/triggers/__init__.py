"""What the triggerer runs while a sensor waits. A trigger says "look again" and judges nothing."""
