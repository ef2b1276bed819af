"""What things are called, each in one place: a record for each metric, arm, rule and so on.

Nothing but the standard library is imported here, so that a name costs no compiled code.
"""
