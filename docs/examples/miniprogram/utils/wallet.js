/** The SDK's ports in a mini-program: randomness, time, storage, and a key that the app keeps. */
const sdk = require("../lib/miniprogram.js");
const bridge = require("./bridge.js");

const STORED = "liangzheng-wallet";

/** wx.getRandomValues answers later, the SDK draws at once: so a supply is kept, each byte of which is used once. */
const supply = { bytes: new Uint8Array(0), used: 0 };

async function refillRandomness() {
  const { randomValues } = await wx.getRandomValues({ length: 1024 });
  supply.bytes = new Uint8Array(randomValues);
  supply.used = 0;
}

function random(size) {
  const end = supply.used + size;
  if (end > supply.bytes.length) throw new Error("no randomness left: await refillRandomness() before each act");
  const drawn = supply.bytes.slice(supply.used, end);
  supply.used = end;
  return drawn;
}

/** Encrypted by the platform (base library 2.21.3 and newer), replaced whole by each write. */
const storage = {
  async load() {
    try {
      const { data } = await wx.getStorage({ key: STORED, encrypt: true });
      return new Uint8Array(wx.base64ToArrayBuffer(data));
    } catch (error) {
      // Only "nothing is there" is a new wallet; whatever else went wrong must not look like an empty one.
      if (/data not found/.test(error.errMsg)) return null;
      throw error;
    }
  },
  async save(content) {
    const copy = content.slice();
    await wx.setStorage({ key: STORED, data: wx.arrayBufferToBase64(copy.buffer), encrypt: true });
  },
};

async function openWallet() {
  await refillRandomness();
  return sdk.Wallet.open({
    random,
    now: () => Math.floor(Date.now() / 1000),
    storage,
    signer: await bridge.signer(sdk),
    curves: sdk.nobleCurves,
  });
}

/** The sentence for the holder; what is no error of the wallet is not theirs to understand. */
function sentence(error) {
  return error instanceof sdk.WalletError ? error.userText("zh-Hans") : "出错了，请稍后再试。";
}

module.exports = { openWallet, refillRandomness, sentence };
