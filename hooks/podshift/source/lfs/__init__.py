"""Git LFS: what a commit has in place of large files, and the files themselves from where they are kept.

We speak its two requests ourselves. The git-lfs program would follow what a pushed `.lfsconfig` says, `file:` included,
and may leave pointers where they were.
"""
