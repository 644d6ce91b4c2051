// Runs in every page before its own scripts. Notes when things happen, and presses a button upon a frame whose picture
// it can prove: it lays hands on nothing else. Times are milliseconds since 1970 by the machine's clock.
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const seen = { frames: [], offers: [], cameras: [], clicks: {} };
  window.seen = seen;
  const canvas = new OffscreenCanvas(640, 480);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const MOMENT = 50;
  let armed = null;
  let held = null;

  /** Presses the button upon the next frame that stands still, and gives when; `shown` then gives its picture. */
  seen.press = (button) => new Promise((done) => (armed = { button, done, passedOver: 0 }));

  /** The picture under the last press, and whether the element still showed it a moment later; lets it play on. */
  seen.shown = async () => {
    const { video, frame, stoodStill } = held;
    const picture = await png(frame);
    frame.close();
    video.play().catch(() => undefined);
    return { picture, stoodStill };
  };

  addEventListener("click", ({ target }) => (seen.clicks[target.closest("[data-testid]")?.dataset.testid] = now()), {
    capture: true,
  });

  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (typeof data === "string" && data.includes('"media.offer"')) seen.offers.push(now());
    return send.call(this, data);
  };

  const { mediaDevices } = navigator;
  const ask = mediaDevices?.getUserMedia.bind(mediaDevices);
  if (ask) {
    mediaDevices.getUserMedia = async (...wishes) => {
      const stream = await ask(...wishes);
      seen.cameras.push(now());
      return stream;
    };
  }

  const png = async (source) => {
    context.drawImage(source, 0, 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  };

  const lookAgain = () => {
    if (!held.video.srcObject) return;
    const paused = new VideoFrame(held.video);
    held.stoodStill = paused.timestamp === held.frame.timestamp;
    paused.close();
  };

  // The element may be one frame ahead of the callback, on a busy machine: such a frame is passed over before the press,
  // because what stood on the screen could not be told afterwards. What stood is read later, not to slow down the press.
  const pressUpon = (video, { mediaTime }, tell) => {
    const { done } = armed;
    const button = document.querySelector(`[data-testid=${armed.button}]`);
    const frame = new VideoFrame(video);
    video.pause();
    tell();
    if (!button || button.disabled || Math.abs(frame.timestamp - mediaTime * 1e6) > 1000) {
      armed.passedOver += 1;
      frame.close();
      return void video.play();
    }
    const { passedOver } = armed;
    armed = null;
    held = { video, frame, stoodStill: true };
    setTimeout(lookAgain, MOMENT);
    button.click();
    done({ pressedAt: now(), passedOver });
  };

  const callback = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (told) {
    return callback.call(this, (at, metadata) => {
      if (this.dataset.testid !== "customer-video" && this.dataset.testid !== "agent-video") return told(at, metadata);
      seen.frames.push(now());
      if (!armed || this.dataset.testid !== "customer-video") return told(at, metadata);
      return pressUpon(this, metadata, () => told(at, metadata));
    });
  };
})();
