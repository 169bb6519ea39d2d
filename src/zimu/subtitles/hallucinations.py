"""Lines that speech recognisers invent over silence and music: credits and farewells of their training data.

Source: openai/whisper discussion 928 and the phrase lists of its front ends, reduced to Chinese and English
and to what their users report most.
"""

from __future__ import annotations

import re

from zimu.subtitles.loops import key

__all__ = ["how_known"]

# Nobody says these in a film: found anywhere in a line they are invented, or a credit for a person to see.
_CREDITS = re.compile(
    r"amara\.?\s*org|mooji\.org|zeoranger|subtitle[sd]? (?:made |provided |created )?by |caption(?:s|ed) by |"
    r"transcri(?:bed|ption) by |subscribe to (?:my|our|the) channel|like and subscribe|forget to subscribe|"
    r"字幕由.{0,24}(?:提供|制作|製作)|字幕志[愿願]者|字幕(?:提供|制作|製作)|"
    r"(?:字幕|[翻中]译|翻譯|校对|校對|时间轴|時間軸)\s*(?:[:：]|by)|"
    r"不吝点赞|不吝點贊|打赏支持|打賞支持|明镜.{0,3}点点|明鏡.{0,3}點點|点赞.{0,4}订阅|點贊.{0,4}訂閱|"
    r"yoyo television|独播剧场|獨播劇場|[词詞]曲\s*李宗盛",
    re.IGNORECASE,
)
# Mostly invented.
_FAREWELLS = """
thanks for watching; thank you for watching; thank you so much for watching; please subscribe; 谢谢观看
感谢观看; 谢谢收看; 感谢收看; 感谢您的观看; 谢谢你的观看; 多谢观看; 中文字幕
謝謝觀看; 感謝觀看; 謝謝收看; 感謝收看; 感謝您的觀看; 謝謝你的觀看; 多謝觀看
"""
# Said by people; standing alone in a long silence they are mostly invented.
_PHRASES = """
thank you; thank you very much; thank you so much; see you next time; see you in the next video; bye; bye bye
i'll see you in the next video; the end; you; okay; so; music; silence; 谢谢大家; 谢谢; 我们下期再见
下期再见; 再见; 謝謝大家; 謝謝; 我們下期再見; 請訂閱; 请订阅; 字幕; 拜拜
歡迎訂閱我的頻道; 欢迎订阅我的频道; 本期视频就到这里
"""


def _keys(phrases: str) -> frozenset[str]:
    return frozenset(key(phrase) for phrase in re.split("[;\n]", phrases) if phrase.strip())


_KNOWN = {"farewell": _keys(_FAREWELLS), "phrase": _keys(_PHRASES)}


def how_known(text: str) -> str | None:
    """Return "credit", "farewell" or "phrase" where the line is known to be invented, else None.

    A "credit" is hardly ever said; a "farewell" is mostly invented; a "phrase" (Thank you.) is suspicious
    only where it stands alone. A phrase said several times over counts as the phrase.
    """
    if _CREDITS.search(text):
        return "credit"
    whole = key(text)
    for name, phrases in _KNOWN.items():
        if whole in phrases or any(_is_rounds_of(whole, phrase) for phrase in phrases if len(phrase) > 3):
            return name
    return None


def _is_rounds_of(whole: str, phrase: str) -> bool:
    return bool(whole) and whole == phrase * (len(whole) // len(phrase))
