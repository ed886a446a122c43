"""Proof on one's own machine: kill workers while thousands of runs fire, and count.

`python main.py selftest`, or `python -m cronpp_app.selftest`. Works in a scratch database.
"""
