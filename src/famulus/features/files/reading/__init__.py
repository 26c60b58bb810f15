"""Reading the text of files, which may be anything: in a process of its own that has little and lives shortly.

`reader` starts the process and takes what it says; everything else here runs inside it.
"""
