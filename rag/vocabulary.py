"""Word lists for reading questions: words that tell nothing of what is asked, and Chinese surnames."""

_STOP_WORDS = """
什么 哪 哪个 哪些 哪家 哪天 哪里 哪儿 哪位 哪几 哪所 哪种 哪一 哪年 谁 多少 多 几 几个 几月 几号
几点 怎么 怎样 如何 为什么 为何 为啥 何 何时 何处 啥 是 的 了 吗 呢 啊 吧 呀 嘛 么 在 有 和 与 及
或 被 把 对 从 到 由 以 为 于 向 给 跟 让 就 也 又 还 都 才 只 很 最 更 不 没 没有 要 会 能 可以
应该 这 那 这个 那个 这些 那些 这场 那场 这次 此次 该 其 其中 之 者 所 而 则 并 且 但 你 我 他 她
它 他们 她们 它们 大家 自己 本人 分别 具体 到底 究竟 请问 请 一下 告诉 知道 说说 问 叫 叫做 是否 可
得 地 着 过 来 去 上 中 里 内 下 时 后 前 个 位 场 家 名 些 点 次 种 一 什么时间 多少钱 多少人 几场
几届 职务 职位 身份 来头 任职 单位 机构 部门 学校 城市 地方 地点 企业 公司 名字 名称 姓名 原因 日期
时间 人 哪一位 东西 事 事情 情况 内容 多长时间 几样 哪家媒体 干 做 谈 讲 说 看 用 办 开 搞 拿 有何
最新 最近 目前 现在 如今 眼下 当前
本次 时候 什么样 哪样 那么 这么 呗 哈 嗯 想 觉得 主要 一共 总共 共 起 当
the a an of in on at to for by with from as is are was were be been do does did has have had what
which who whom whose when where why how many much and or that this these those it its they their he
his she her according say said says about into than there s
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Question words, particles, pronouns, measure words and nouns as general as 单位 or 时间, folded."""

_SURNAMES = """
王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁
任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴
莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童
凌毕单季裴霍涂成苗谷曲盛冉翁蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连
芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞
敖巩明佘池查麻苑迟邝封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花
权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌
母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝
智幸奉植衡富尧闭由
"""
SURNAMES = frozenset(_SURNAMES.replace("\n", ""))
"""One character each; a word that begins with none of them is no person's name."""

_NOUN_VERBS = """
创新 发展 建设 服务 管理 投资 研究 合作 交流 保护 教育 培训 生产 消费 旅游 运动 贸易 开发 设计 应用 保障 治理 监管 运输
运营 控股 改革 安全 协商 行动 体验 展示 推广 监测 评估 咨询 供应 销售 制造 加工 检测 实验 试验 勘探 救援 应急 养老 护理 审批
"""
NOUN_VERBS = frozenset(_NOUN_VERBS.split())
"""Verbs that mostly stand in names: 创新发展大会, 应急管理部."""

_BODIES = """
局 会 部 处 中心 员 院 厅 司 科 所 站 队 办 委 组 者 机 厂 室 大队 支队 总队 会议 人员 机构 部门 单位 工作 工程 项目 系统 平台
"""
BODIES = frozenset(_BODIES.split())
"""Nouns that make a name of the verb before them: 审批局, 监管部门."""

_ADVERBS = """
大力 有序 积极 全力 大幅 正式 联合 主动 深入 持续 全面 严格 紧急 成功 顺利 圆满 首次 共同 高度 日均 公开 集中 自主 同步 快速
专门 配套 全方位 主要 热情 直接 再次 陆续 先后 纷纷 分别 普遍 逐步 不断 进一步 此前 日前 近日 官方 特别 连续
"""
ADVERBS = frozenset(_ADVERBS.split())
"""Words before a verb that are often taken for nouns."""

_PREDICATES = """
共 为 均 累计 同比 环比 合计 总计 超 约 近 达 占 预计 据 自 由 被 被誉为 被称为 被评为 被命名为 位于 来自 表示 认为 指出 强调 介绍
透露 告诉 宣布 印发 发布 公布 推出 出台 召开 举行 举办 当选 担任 出任 荣获 获得 包括 涵盖 分为 吸引
"""
PREDICATES = frozenset(_PREDICATES.split())
"""Words that begin what is said of a subject, whatever a tagger takes them for."""

_IDLE_VERBS = """
是 有 为 称 说 表示 认为 指出 强调 介绍 告诉 透露 接受 来到 达 共 共有 位于 获悉 了解 据 位居 位列 排名 居 列 升至 降至 增长 下降
上涨 下跌 出现 使 让 令 给 属于 呈 成为 进行 达到 看到 指 可 能 会 要 应
"""
IDLE_VERBS = frozenset(_IDLE_VERBS.split())
"""Verbs that mostly tell how things are or what was said, so that they are in no name."""

_ACTS = """
宣布 警告 提醒 承诺 批准 证实 预测 否认 启动 刊发 收购 成立 签署 回应 公布 发布 推出 出台
"""
ACTS = tuple(_ACTS.split())
"""What a body does to something: 批准, so that one may ask 批准了什么."""

_DEEDS = """
转发 印发 发生 接到 登上 获得 上线 下发 通报 披露 上调 下调 开通 关闭
"""
DEEDS = frozenset(_DEEDS.split())
"""Other verbs of what is done on one day."""

_EVENTS = """
大会 峰会 论坛 会议 年会 晚会 音乐会 博览会 展览会 发布会 运动会 展览 展 节 赛 大赛 比赛 锦标赛 仪式 活动 讲座 演出 对话 沙龙
研讨会 交流会 座谈会 推介会 招聘会 行动 展会 书展 文化节 电影节 活动周 活动月 宣传周
"""
EVENTS = tuple(_EVENTS.split())
"""Last words of the names of events."""

_OFFICES = """
董事长 总经理 总裁 首席执行官 校长 院长 局长 主席 主任 书记 市长 省长 县长 区长 镇长 乡长 村长 部长 会长 理事长 秘书长 馆长
园长 发言人 创始人 联合创始人 负责人 主教练 队长 主编 总编辑 所长 厂长 处长 科长 司长 厅长 行长 台长 社长 站长 团长 首席科学家
首席经济学家 首席分析师 首席技术官 首席财务官 总工程师 总设计师 大使 总领事 总监
"""
OFFICES = tuple(sorted(_OFFICES.split(), key=len, reverse=True))
"""What people are called after the place where they serve, longest first."""

_RANKS = """
教授 研究员 专家 工程师 分析师 院士 医师 律师 经理
"""
RANKS = tuple(_RANKS.split())
"""What they are called that others there are as well."""

_LOOK_ALIKES = """
己已巳 末未 土士 日曰 戊戌戍戎 延廷 折析拆 幸辛 昊吴 冼洗 钧钓钩 拓托拖 晴睛 侯候 凤风 粱梁 裴斐 治冶 任仕 宋宗
汩汨 沙纱 洲州 佘余 兔免 刀刁 千干于 王玉主 天夫无 太大犬 午牛 田由甲申 白自 今令 人入八 力刀 又叉 乌鸟 乒乓 兵乒
丘乓 毋母 旦且 旱早 果杲 呆杏 杏杳 查杳 衷哀衰 贝见 员贞 责贵 贷货 闫闰 闵闪 阔阅 竞竟 莘萃 茉莱 莱菜 茶荼 茗若
苦若 芷芝 芸芝 芬芳 芳苏 苗苟 菅管 萧肃 蒿篙 蓝篮 薄簿 藉籍 箫萧 筒简 竿竽 汐夕 沐休 沫沬 泯抿 沾粘 泊柏 淮准
谁淮 淇棋 涯崖 湛堪 堪勘 渝榆 愉渝 湘相 溪奚 滨宾 潞路 潼撞 澜阑 瀚翰 濮仆 瀛赢 赢嬴 林村 村材 杉彬 松忪 柏拍
枫凤 栋拣 栎砾 桐铜 桂挂 桥娇 娇骄 梓辛 梅悔 槐愧 榕溶 楠喃 棋祺 椿春 樟漳 樱婴 楚梦 榄揽 晓绕 晗含 晖挥 晟成
晨振 晏宴 晶品 暄喧 煊暄 景影 显昱 昱煜 旭旮 昕欣 晚挽 晰析 曦羲 曜耀 珊姗 玲铃 玮伟 珂坷 琦绮 琪祺 琳淋 瑶遥
瑞端 璐露 璟景 瑾谨 璇旋 珏钰 琰炎 琛深 琮综 瑜渝 瑛英 珩行 珺郡 瑄宣 峰锋 峻俊 岚风 崔催 崇祟 嵩高 巍魏 岗冈
岳兵 岭岑 岑芩 铭名 锐说 钦饮 钊钏 钰玉 铮挣 锦棉 鑫森 锡踢 铎泽 铠凯 铉弦 钟种 钱线 婷停 娜那 娟捐 婧靖 媛援
嫣焉 妍研 婉碗 妮泥 娅亚 姗删 娴闲 婵蝉 姝珠 妤好 恒桓 恺凯 慧彗 怡治 慈兹 忻析 恬括 憬景 懿意 诚城 诗待 谦歉
谕喻 讯汛 谊宜 谭潭 诺若 谌堪 诸渚 伟讳 佳住 佟修 侃倪 倪睨 倩情 偲思 傅博 傲做 仪议 仑仓 伦抡 佑右 佐左 俞喻
宇字 宏宠 宣宜 宸辰 寇冠 宥有 寒塞 寅演 辉挥 翔详 羽习 耀跃 肖消 胜性 胤胄 航舱 般船 丹舟 陈阵 陆陇 陵凌 隆降
隋随 隽售 阮院 陶淘 越赵 超起 赴赶 徒徙 徐除 彻沏 衡衔 徽微 遂逐 逊迅 遥遣 道遒 邵绍 郝赫 郭廓 邓邝 邢刑 那哪
郑关 郸单 鄂谔 骁晓 骏俊 骞赛 驰弛 弘泓 张帐 弥祢 强僵 雨两 霞雷 雷霄 霄宵 霖霜 霏菲 雯斐 霆廷 露路 韦伟 韬滔
韶绍 颖颍 颜彦 顾颐 顺须 项顶 饶绕 馨声 鸣呜 鸿鸣 鹏朋 鹤鸡 鹭露 麒棋 麓鹿 黎犁 黛默 齐济 龙尤 龚龙 袭龚 壁璧
垚尧 坤神 坪评 堂棠 堰偃 塘糖 墨黑 增曾 境镜 埔浦 浦蒲 埠阜 圳训 坞钨
"""
LOOK_ALIKES = {
    character: "".join(group.replace(character, "") for group in _LOOK_ALIKES.split() if character in group)
    for character in set("".join(_LOOK_ALIKES.split()))
}
"""Characters of names, and those that look like each, though most sound otherwise."""
