/** Why there is no picture, for the holder of a wallet. */

import type { CameraProblem } from "../camera/codeReader.ts";
import type { Names } from "../src/catalogue.ts";

const PASTE = names("也可以粘贴文字。", "也可以貼上文字。", "You can paste the text instead.");

export const CAMERA_TEXTS: Readonly<Record<CameraProblem, Names>> = {
  insecure: said("此页面不是安全连接（https），不能使用相机。", "此頁面不是安全連線（https），不能使用相機。", "Over plain http a browser gives no camera."),
  none: said("没有找到相机。", "沒有找到相機。", "There is no camera."),
  denied: said("相机未获许可。请在浏览器的网站设置中允许。", "相機未獲許可。請在瀏覽器的網站設定中允許。", "The camera is not allowed. Allow it in the browser's settings for this page."),
  "in-use": said("相机正被其他程序使用。", "相機正被其他程式使用。", "Another program is using the camera."),
  lost: said("相机断开了。", "相機中斷了。", "The camera is gone."),
  reader: said("读码程序没有加载成功。", "讀碼程式沒有載入成功。", "What reads codes could not be loaded."),
  failed: said("相机无法打开。", "相機無法開啟。", "The camera does not open."),
};

function said(hans: string, hant: string, en: string): Names {
  return names(hans + PASTE["zh-Hans"], hant + PASTE["zh-Hant"], `${en} ${PASTE.en}`);
}

function names(hans: string, hant: string, en: string): Names {
  return { "zh-Hans": hans, "zh-Hant": hant, en };
}
