"""What is seen: forwards the two streams of a call and keeps the frame that was on the agent's screen.

The shell uses `plane` (and `events`, `errors`, `settings`). Peers for demo, tests and load: `robot`, which encodes and
decodes, and `packet_robot`, which does not (`packet_sender`, `packet_receiver`, `packet_sdp`, and `aiortc_client`, the
other half of the seam to aiortc); `synthetic` makes what they send. Inside:

- pure, on octets and values: `rtp`, `vp8`, `rtcp`, `twcc` (the wire); `incoming`, `loss`, `outgoing`, `segments`
  (one stream each way); `pacing`, `bandwidth` (what is sent again and when, what the way to a peer bears); `assembly`,
  `groups` (whole frames, the last seconds of them); `recording`, `webm` (what both sides sent, as files that grow);
  `ledger` (each second's facts); `gates` (what Confirm waits for); `evidence` (all that is kept of one connection);
  `leg`, `call` (a peer, two peers joined), `cuts` (who has left); `load` (is one more call borne); `outbox` (events
  until acknowledged)
- the worker's process: `worker` (start and end), `confined` (what it may still do), `memory` (is there room),
  `door` (who comes in), `server` (the node's requests), `exchange` (calls and sockets), `peer` (a connection as calls
  use it), `ingress` (what strangers send, before a library sees it), `aiortc_seam` and `aiortc_sockets` (connections on
  aiortc's private parts), `fallback` (the same on its public ones), `picture` (VP8 to JPEG, in threads), `clock`
- the node's side: `plane` (the façade), `supervisor` (one worker's life), `process`, `dialler`, `link`,
  `worker_settings`; `playable` (a recording in which one can seek)
- between the two: `protocol`, `channel` (TLS, and proofs bound to it)

A packet never leaves the worker and never enters the shell; a worker holds no address of a database and no key.
"""
