"""The darkroom: strangers' pictures are decoded in processes of their own, which are ended when one costs too much.

| file | what it is |
| --- | --- |
| `bounds.py` | what a file may promise and hold before a pixel is decoded; pure |
| `develop.py` | the work on pixels: upright, bare, encoded anew, made small; pure |
| `wire.py` | what node and decoder say to each other |
| `decoder.py` | the process: `python -m ekyc.darkroom.decoder` |
| `process.py` | one decoder as its node sees it: started, asked, killed |
| `turns.py` | whose picture is next: bounded, fair to every source |

`ekyc.pictures.Darkroom` is the face of it that others use.
"""
