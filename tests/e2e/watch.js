// Runs in every page before its own scripts: keeps what the page saw and sent, and changes nothing else.
(() => {
  const seen = { counters: new Map(), sent: [], peers: [], firstFrameAt: null, newest: null };
  window.seen = seen;

  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...given) {
      super(...given);
      seen.peers.push(this);
    }
  };

  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (typeof data === "string") seen.sent.push(data);
    return send.call(this, data);
  };

  // The number in the top sixth of the picture, as media/synthetic.py draws it: 16 x 2 cells, 24 bits and a checksum.
  const canvas = new OffscreenCanvas(320, 240);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const read = (picture) => {
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, 40);
    let bits = 0;
    for (let cell = 0; cell < 24; cell += 1) {
      const x = ((cell % 16) + 0.5) * (canvas.width / 16), y = (Math.floor(cell / 16) + 0.5) * 20;
      bits = (bits << 1) | Number(data[(Math.floor(y) * canvas.width + Math.floor(x)) * 4] > 127);
    }
    return bits;
  };

  // Keeps the number under the frame's name; false: the next frame is there already, as happens on a busy machine.
  const keep = (video, { mediaTime, rtpTimestamp }) => {
    const frame = new VideoFrame(video);
    const isNamed = Math.abs(frame.timestamp - mediaTime * 1e6) < 1000;
    if (isNamed) {
      seen.newest = rtpTimestamp;
      seen.firstFrameAt ??= performance.timeOrigin + performance.now();
      seen.counters.set(rtpTimestamp, read(frame));
    }
    frame.close();
    return isNamed;
  };

  // Firefox tells no media time, so that a frame cannot be seen to be the named one unless it stands still.
  const SETTLED = 300;
  seen.hold = async () => {
    const video = document.querySelector("[data-testid=customer-video]");
    video.pause();
    await new Promise((settled) => setTimeout(settled, SETTLED));
    seen.counters.set(seen.newest, read(video));
  };

  const callback = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (told) {
    const see = (now, metadata) => {
      const isCustomers = this.dataset.testid === "customer-video" && metadata.rtpTimestamp !== undefined;
      if (!isCustomers || keep(this, metadata)) told(now, metadata);
      // Browsers pass over frames for which they are late, and so does this: the page can name only what was read.
      else callback.call(this, see);
    };
    return callback.call(this, see);
  };
})();
