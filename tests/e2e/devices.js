// Runs in every page before its own scripts, after watch.js: remembers every track that was ever given, and does to them
// what a system does when a plug is pulled, when a phone call comes, when the network gets weak; in the same events and
// figures.
(() => {
  const devices = { tracks: [], asked: 0, taken: new Set(), loss: 0 };
  window.devices = devices;

  // A kind that is taken cannot be opened: somebody else has it.
  const media = navigator.mediaDevices;
  const ask = media.getUserMedia.bind(media);
  media.getUserMedia = async (wish) => {
    devices.asked += 1;
    if ([...devices.taken].some((kind) => wish[kind])) throw new DOMException("Could not start source", "NotReadableError");
    const stream = await ask(wish);
    devices.tracks.push(...stream.getTracks());
    return stream;
  };

  devices.of = (kind) => devices.tracks.filter((track) => track.kind === kind).at(-1);
  devices.live = () => devices.tracks.filter((track) => track.readyState === "live").map(({ kind }) => kind).sort();

  // The plug is pulled: the track ends, and the page is told.
  devices.pull = (kind) => {
    devices.of(kind).stop();
    devices.of(kind).dispatchEvent(new Event("ended"));
  };

  // The system takes the device away or gives it back; the track lives on.
  devices.mute = (kind, muted) => {
    Object.defineProperty(devices.of(kind), "muted", { value: muted, configurable: true });
    devices.of(kind).dispatchEvent(new Event(muted ? "mute" : "unmute"));
  };

  // As the server's reports would have it on a bad network; `loss` is the share of packets lost on the way to it.
  const getStats = RTCPeerConnection.prototype.getStats;
  RTCPeerConnection.prototype.getStats = async function (...given) {
    const report = await getStats.apply(this, given);
    const worse = (entry) => (entry.type === "remote-inbound-rtp" && devices.loss ? { ...entry, fractionLost: devices.loss } : entry);
    return new Map([...report].map(([id, entry]) => [id, worse(entry)]));
  };
})();
