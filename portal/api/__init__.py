"""The portal's HTTP routes: those that browsers post to and, later, those that programs call."""
