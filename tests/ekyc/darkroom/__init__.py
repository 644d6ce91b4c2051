"""Tests of `ekyc.darkroom`: what strangers' pictures may cost, and whom."""
