const { refillRandomness, sentence } = require("../../utils/wallet.js");

const PURPOSE = "window";

Page({
  data: { url: "", name: "", items: [], busy: false, problem: "" },

  onLoad(query) {
    if (query.url) this.setData({ url: decodeURIComponent(query.url) });
  },

  typed(event) {
    this.setData({ url: event.detail.value });
  },

  async receive() {
    this.setData({ busy: true, problem: "" });
    try {
      const wallet = await getApp().wallet;
      const content = await fetched(this.data.url, wallet.publicKey());
      this.licence = await wallet.receive(content);
      this.request = wallet.request(this.licence, PURPOSE);
      this.setData({ name: this.licence.kind.names["zh-Hans"], items: asked(this.request) });
    } catch (error) {
      this.setData({ problem: sentence(error) });
    }
    this.setData({ busy: false });
  },

  choose(event) {
    const chosen = event.detail.value;
    this.setData({ items: this.data.items.map((item) => ({ ...item, chosen: item.must || chosen.includes(item.name) })) });
  },

  async agree() {
    try {
      await refillRandomness();
      const names = this.data.items.filter((item) => item.chosen).map((item) => item.name);
      const decision = this.request.approve(names);
      wx.navigateTo({
        url: "/pages/code/code",
        success: ({ eventChannel }) => eventChannel.emit("decided", { licence: this.licence, purpose: PURPOSE, decision }),
      });
    } catch (error) {
      this.setData({ problem: sentence(error) });
    }
  },
});

/** What the sheet asks: what needs a consent of its own (separate) is never chosen beforehand. */
function asked(request) {
  const separate = new Set(request.separate.map((item) => item.name));
  const row = (item, must) => {
    const isMust = must && !separate.has(item.name);
    return { name: item.name, label: item.labels["zh-Hans"], must: isMust, chosen: isMust };
  };
  return [...request.mandatory.map((item) => row(item, true)), ...request.optional.map((item) => row(item, false))];
}

/** A licence package for this key. With an offer (openid-credential-offer://) take the SDK's receiving by offers. */
async function fetched(url, publicKey) {
  const copy = publicKey.slice();
  const key = wx.arrayBufferToBase64(copy.buffer).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  return new Promise((resolve, reject) =>
    wx.request({
      url,
      method: "POST",
      data: { kind: "driving-licence", person: 0, holder_key: key },
      responseType: "arraybuffer",
      timeout: 10000,
      success: ({ statusCode, data }) =>
        statusCode === 200 ? resolve(new Uint8Array(data)) : reject(new Error(`the issuer answered ${statusCode}`)),
      fail: reject,
    }),
  );
}
