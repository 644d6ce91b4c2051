// Runs in every page before its own scripts: keeps when frames were presented, how many, and what became of the call's
// state, of peer connections and of sockets.
(() => {
  const seen = { frames: { "customer-video": [], "agent-video": [] }, states: [], peers: [], events: [] };
  window.seen = seen;
  const now = () => performance.timeOrigin + performance.now();
  const note = (what) => seen.events.push([now(), what]);

  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...given) {
      super(...given);
      const number = seen.peers.push(this);
      note(`peer ${number} new`);
      this.addEventListener("connectionstatechange", () => note(`peer ${number} ${this.connectionState}`));
    }
  };

  const setParameters = RTCRtpSender.prototype.setParameters;
  RTCRtpSender.prototype.setParameters = function (parameters) {
    const [{ active, maxBitrate } = {}] = parameters.encodings;
    if (this.track?.kind === "video") note(`video at most ${active === false ? 0 : maxBitrate} bit/s`);
    return setParameters.call(this, parameters);
  };

  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      for (const kind of ["open", "close"]) this.addEventListener(kind, () => note(`socket ${kind}`));
    }
  };

  // Browsers pass over callbacks for which they are late; `presentedFrames` counts those frames too.
  const callback = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (told) {
    return callback.call(this, (at, metadata) => {
      seen.frames[this.dataset.testid]?.push([performance.timeOrigin + at, metadata.presentedFrames]);
      told(at, metadata);
    });
  };

  const look = () => {
    const state = document.querySelector("[data-testid=call-state]")?.dataset.state;
    if (state === undefined || state === seen.states.at(-1)) return;
    seen.states.push(state);
    note(state);
  };
  const changes = { attributes: true, childList: true, subtree: true, attributeFilter: ["data-state"] };
  new MutationObserver(look).observe(document, changes);
})();
