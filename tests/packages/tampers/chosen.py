NAME = ""
