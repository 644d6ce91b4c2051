"""What the companies set for their calls and teams: rules in versions, working hours, public holidays."""
